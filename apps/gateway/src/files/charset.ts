import { Failure } from '@mystocks/contracts';
import { charsetNames, charsetOf, type Charset } from '@mystocks/kernel';
import { IsMatching } from '@mystocks/validation';

const names = charsetNames.join(', ');

/** The name of an encoding that is read, in any case. */
export const IsCharset = (): PropertyDecorator =>
  IsMatching(new RegExp(`^(${charsetNames.join('|')})$`, 'i'), `one of ${names}`, { optional: true });

/**
 * The encoding that a sender named: in the query, else in the Content-Type of the text.
 * @throws {Failure} `unsupported_media` when the Content-Type names one that is not read
 */
export function namedCharset(inQuery: string | undefined, contentType = ''): Charset | undefined {
  const name = inQuery ?? /;\s*charset="?([^";\s]+)/i.exec(contentType)?.[1];
  const charset = name === undefined ? undefined : charsetOf(name);
  if (name !== undefined && charset === undefined) {
    throw new Failure('unsupported_media', `The charset ${name.slice(0, 40)} is not read; it must be one of ${names}`);
  }
  return charset;
}
