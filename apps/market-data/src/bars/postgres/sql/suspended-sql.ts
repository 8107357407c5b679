/** True for a row of bars_daily that is a day without trade; `of` is its alias. */
export const suspendedSql = (of: string): string =>
  `(coalesce(${of}.trade_status = 0, false) OR (${of}.volume = 0 AND ${of}.high = ${of}.low AND ${of}.open = ${of}.low AND ${of}.close = ${of}.low))`;

/** The member of a bar's JSON that says so; nothing where `suspended` is false. */
export const suspendedMemberSql = (suspended: string): string =>
  `CASE WHEN ${suspended} THEN ',"suspended":true' ELSE '' END`;
