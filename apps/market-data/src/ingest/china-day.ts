const CHINA_MS = 8 * 3_600_000;

/** The day in China at an instant, as YYYYMMDD. China keeps UTC+8 all year since 1991. */
export function chinaDay(atMs: number): number {
  const local = new Date(atMs + CHINA_MS);
  return local.getUTCFullYear() * 10_000 + (local.getUTCMonth() + 1) * 100 + local.getUTCDate();
}
