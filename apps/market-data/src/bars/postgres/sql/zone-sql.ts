/**
 * The zone of a China local time as PostgreSQL text. Of the summers with +09:00 only that of 1991 lies in the time of the
 * exchanges (1990-12-19 on).
 */
export const zoneSql = (time: string): string =>
  `CASE WHEN ${time} < timestamp '1991-09-15 02:00' AND ${time} >= timestamp '1991-04-14 03:00' THEN '+09:00' ELSE '+08:00' END`;
