/** Error codes of TDengine 3 (taoserror.h, the lower 16 bits as taosAdapter answers them) that the stand-in gives. */
export const taosCodes = {
  notSupported: 0x0110,
  sqlSyntax: 0x0216,
  sqlTooLong: 0x0219,
  authenticationFailure: 0x0357,
  stableExists: 0x0360,
  databaseExists: 0x0381,
  databaseNotExist: 0x0388,
  timestampOutOfRange: 0x060b,
  noAuthInfo: 0x1105,
  emptyRequest: 0x1106,
  noSql: 0x1107,
  badAuthType: 0x1122,
  badBasicAuth: 0x1124,
  badTaosdAuth: 0x1125,
  syntax: 0x2600,
  invalidColumn: 0x2602,
  tableNotExist: 0x2603,
  wrongValueType: 0x2605,
  notSingleGroup: 0x260c,
  tagsNotMatched: 0x260d,
  invalidTag: 0x260e,
  valueTooLong: 0x2610,
  databaseNotSpecified: 0x2616,
  invalidName: 0x2617,
  invalidDatabaseOption: 0x2619,
  incorrectTimestamp: 0x2635,
  duplicatedColumn: 0x263c,
  rowTooLong: 0x263e,
  columnCount: 0x263f,
  firstColumn: 0x2641,
  variableLength: 0x2642,
  deleteWhere: 0x2655,
  tableInfo: 0x2662,
  parameter: 0xffff,
} as const;

/** A statement that failed in the server: answered with its code, under HTTP 200. */
export class TaosError extends Error {
  readonly code: number;

  constructor(reason: keyof typeof taosCodes, message: string) {
    super(message);
    this.code = taosCodes[reason];
  }
}
