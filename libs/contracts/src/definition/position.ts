import { LSN } from '@mystocks/kernel';
import { IsMatching, type FieldOptions } from '@mystocks/validation';

/** A position in the log of the primary database server, e.g. `16/B374D848`. */
export const IsPosition = (options?: FieldOptions): PropertyDecorator =>
  IsMatching(LSN, 'a log position such as 16/B374D848', options);
