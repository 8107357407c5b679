import { barDialects, UploadOptions, type BarDialect } from '@mystocks/contracts';
import { IsBody, IsOneOf } from '@mystocks/validation';
import { IsCharset } from '../files/charset.js';

/** Options of an upload, in the query or as fields of its form. */
export class UploadQuery extends UploadOptions {
  /** How the file is encoded; recognised where absent. */
  @IsCharset() readonly charset?: string;
  /** How a CSV of bars is to be read, instead of what its header says. */
  @IsOneOf(barDialects, { optional: true }) readonly format?: BarDialect;
}

/** The form of an upload. Its other fields may stand in the query string instead; here they come before the file. */
export class UploadBody {
  @IsBody() readonly file!: Buffer;
}
