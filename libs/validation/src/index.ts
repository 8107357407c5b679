export { check, describeShape, fieldNames, InvalidInput, type CheckOptions, type Violation } from './check.js';
export {
  bodyField,
  field,
  listFromText,
  VALIDATION_ERROR,
  type FieldOptions,
  type Rule,
  type ShapeClass,
} from './field.js';
export {
  DATE_RANGE_INVALID,
  IsCount,
  IsDay,
  isDay,
  IsDayOrInstant,
  IsDecimal,
  IsFlag,
  IsInstant,
  IsMatching,
  IsNumeric,
  IsOneOf,
  IsSymbol,
  IsSymbolAlias,
  IsSymbolAliases,
  IsText,
  SYMBOL,
  SYMBOL_ALIAS,
  SYMBOL_INVALID_FORMAT,
} from './fields.js';
export { IsBody, IsListOf, IsShape, IsShapes } from './nested.js';
