import { expect, it } from '@jest/globals';
import { isBadSubject } from './subject-rule.js';

it.each([
  'gateway: refuse a body without a token',
  'docs: say in plain words what eight sentences hid',
  'ci: feed jest',
])('accepts the subject "%s"', (subject) => {
  expect(isBadSubject(subject)).toBe(false);
});

it.each([
  'refuse a body without a token',
  'Gateway: refuse a body',
  'gateway: added a route',
  'gateway: fixing a test',
  'gateway: adds a route',
  'gateway: end with a full stop.',
  `gateway: ${'x'.repeat(64)}`,
])('rejects the subject "%s"', (subject) => {
  expect(isBadSubject(subject)).toBe(true);
});
