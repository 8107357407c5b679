import { describe, expect, it } from '@jest/globals';
import { passwordProblem } from './password-rules.js';

describe('passwordProblem', () => {
  it.each([
    'lunch tractor velvet 9',
    'ünbekannte Wörter häufen sich',
    '茅台酒的价格在哪里可以查到呢谢谢',
    'MyStocks is fine inside a longer phrase',
    '🦊🦉🐢🐙🦔🐝🐞🦋🐌🐛🦗🪲🪳🦂🪰',
  ])('lets %j pass: no rule asks for digits, signs or case', (password) => {
    expect(passwordProblem(password, 'desk-1')).toBeUndefined();
  });

  it.each<[string, string]>([
    ['short password', 'at least 15'],
    ['🦊🦉🐢🐙🦔🐝🐞', 'at least 15'],
    ['e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301', 'at least 15'],
    ['my name is DESK-1 today', 'username'],
    ['my name is ｄｅｓｋ-１ today', 'username'],
    ['lone \ud800 surrogate text', 'Unicode'],
    ['passwordpassword', 'guessed'],
    ['Password123456789!', 'guessed'],
    ['MyStocks-Admin-2026', 'guessed'],
    ['correct horse battery staple', 'guessed'],
    ['123456789012345', 'guessed'],
    ['1qaz2wsx3edc4rfv', 'guessed'],
    ['qwertyuiopasdfghjkl', 'guessed'],
    ['abcabcabcabcabcab', 'guessed'],
    ['aaaaaaaaaaaaaaaab', 'guessed'],
    ['tangerine7tangerine7', 'guessed'],
  ])('refuses %j', (password, why) => {
    expect(passwordProblem(password, 'desk-1')).toContain(why);
  });

  it('judges the longest password without trying every way to cut it into common words', () => {
    const before = process.cpuUsage();
    expect(passwordProblem(`${'mystocks'.repeat(31)}quartzes`, 'desk-1')).toBeUndefined();
    expect(passwordProblem('mystocks'.repeat(24) + 'mypasswordis', 'desk-1')).toContain('guessed');
    // Time of this process alone: a few ms. All 2^31 ways would take minutes.
    expect(process.cpuUsage(before).user).toBeLessThan(20_000_000);
  });
});
