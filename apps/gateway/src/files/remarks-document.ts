import type { IngestRemarks } from '@mystocks/contracts';

/** What a report says beside its counts; the dialect of a bars file is its `format`. */
export const remarksDocument = ({
  dialect,
  conversion,
  rounded,
  superseded,
  warnings,
}: IngestRemarks): Record<string, unknown> => ({
  format: dialect ?? null,
  conversion: conversion ?? null,
  rounded: rounded ?? 0,
  superseded: superseded ?? { count: 0, lines: [] },
  warnings: warnings ?? [],
});
