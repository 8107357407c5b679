// Minutes since midnight, and of those since the session began; 11:30 is the 120th, 15:00 the 240th. Before the open joins the
// first bin, lunch the first of the afternoon, after the close the last.
const minuteOfDay = (t: string): string => `ceil(date_part('epoch', ${t}::time) / 60)::int`;
/** The minute of the session, 1 to 240, that a bar stamped `t` ends at or belongs to. */
export const minuteOfTrading = (
  t: string,
): string => `CASE WHEN ${minuteOfDay(t)} <= 690 THEN greatest(${minuteOfDay(t)} - 570, 1)
  ELSE least(greatest(${minuteOfDay(t)} - 780, 1) + 120, 240) END`;

/** The minute of the session, 1 to 240, at which the bin of `frame` minutes ends that a bar stamped `t` belongs to. */
export const binEnd = (t: string, frame: string): string => binOfMinute(minuteOfTrading(t), frame);

/** The same of a minute of the session. */
export const binOfMinute = (minute: string, frame: string): string =>
  `(${minute} + ${frame} - 1) / ${frame} * ${frame}`;

/** True for a row of the opening auction: it is a part of the first minute, as of every first bin. */
export const isBeforeFirstMinute = (t: string): string => `${t}::time < '09:31'`;

/** True for a bar that covers minutes of the session; the rows of the opening auction and of 13:00 add none. */
export const coversSession = (t: string): string => `(${t}::time > '09:30' AND ${t}::time <> '13:00')`;

/** The hour of the session, 1 to 4, that a bar stamped `t` belongs to: its bin of 60 minutes. */
export const hourOf = (t: string): string =>
  `CASE WHEN ${t}::time <= '10:30' THEN 1 WHEN ${t}::time <= '11:30' THEN 2 WHEN ${t}::time <= '14:00' THEN 3 ELSE 4 END`;
