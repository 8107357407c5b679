import { IsBody } from '@mystocks/validation';

/** The form of an upload. Its other fields may stand in the query string instead; here they come before the file. */
export class UploadBody {
  @IsBody() readonly file!: Buffer;
}
