import type { Readable } from 'node:stream';
import { Busboy, type BusboyFileStream } from '@fastify/busboy';
import { Failure } from '@mystocks/contracts';
import type { MultipartBody } from '../http/input.js';

/** The one file of a form. */
export interface UploadedFile {
  readonly name: string | undefined;
  /** Content type of the part. */
  readonly type: string;
  /** Its bytes. @throws {Failure} what is wrong with the form that it comes in */
  readonly chunks: AsyncIterable<Buffer>;
}

/** A form up to its file; the holder of this value reads the file. */
export interface UploadForm {
  readonly fields: Readonly<Record<string, string>>;
  readonly file: UploadedFile;
  /** Reads what is behind the file. @throws {Failure} when it is another file, or the form has no end */
  end(): Promise<void>;
  /** Reads no further. */
  leave(): void;
}

type FormParser = InstanceType<typeof Busboy>;

const NAME_MAX = 200;
/** How long the fields before the file may take, and what is behind it. The file itself is paced by its reader. */
const AROUND_FILE_MS = 10_000;
const limits = { files: 1, fields: 8, parts: 9, fieldSize: 200, headerPairs: 20, headerSize: 8_192 };

/**
 * Reads a form until its file begins.
 * @throws {Failure} `invalid` for a form that is broken or has no file, `timeout` when it does not come
 */
export async function openForm(body: MultipartBody, contentType: string): Promise<UploadForm> {
  const reader = new FormReader(body.stream, contentType);
  const file = await reader.file;
  return {
    fields: reader.fields,
    file,
    end: () => reader.end(),
    leave: () => {
      reader.leave();
    },
  };
}

class FormReader {
  readonly fields = Object.create(null) as Record<string, string>;
  readonly file: Promise<UploadedFile>;
  readonly #end: Promise<void>;
  readonly #busboy: FormParser;
  #fileSeen: BusboyFileStream | undefined;
  #failure: Failure | undefined;
  #tellFile: (file: UploadedFile) => void = () => undefined;
  #refuseFile: (failure: Failure) => void = () => undefined;
  #tellEnd: () => void = () => undefined;
  #refuseEnd: (failure: Failure) => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly stream: Readable,
    contentType: string,
  ) {
    this.file = new Promise((resolve, reject) => ([this.#tellFile, this.#refuseFile] = [resolve, reject]));
    this.#end = new Promise((resolve, reject) => ([this.#tellEnd, this.#refuseEnd] = [resolve, reject]));
    // The error reaches the promise that is awaited; the two are never awaited at the same time.
    for (const promise of [this.file, this.#end]) promise.catch(() => undefined);
    this.#busboy = busboyOf(contentType);
    this.#listen();
    this.#limitTime();
    stream.pipe(this.#busboy);
  }

  end(): Promise<void> {
    this.#limitTime();
    return this.#end;
  }

  leave(): void {
    clearTimeout(this.#timer);
    this.stream.unpipe(this.#busboy);
  }

  #listen(): void {
    const broken = (cause?: unknown): void => {
      this.#fail(brokenForm(cause));
    };
    this.#busboy
      .on('field', (name, value, _nameCut, valueCut) => {
        this.#field(name, value, valueCut);
      })
      .on('file', (name, stream, fileName, _encoding, type) => {
        this.#file(name, stream, fileName, type);
      })
      .on('filesLimit', () => {
        this.#fail(new Failure('invalid', 'One upload is one file; send the others by themselves'));
      })
      .on('fieldsLimit', () => {
        this.#fail(new Failure('invalid', 'The form has too many fields'));
      })
      .on('partsLimit', () => {
        this.#fail(new Failure('invalid', 'The form has too many parts'));
      })
      .on('finish', () => {
        this.#finish();
      })
      .on('error', broken);
    this.stream.once('error', broken).once('close', () => {
      if (!this.stream.readableEnded) broken();
    });
  }

  #field(name: string | undefined, value: string, cut: boolean): void {
    if (this.#fileSeen !== undefined) {
      this.#fail(new Failure('invalid', 'Fields come before the file, or in the query string'));
    } else if (name === undefined || name === 'file') {
      this.#fail(new Failure('invalid', 'file must be a file, with a name: -F file=@bars.csv'));
    } else if (cut || Object.hasOwn(this.fields, name)) {
      this.#fail(new Failure('invalid', `${name.slice(0, 60)} is ${cut ? 'too long' : 'given twice'}`));
    } else this.fields[name] = value;
  }

  #file(part: string | undefined, stream: BusboyFileStream, name: string | undefined, type: string): void {
    // An `error` event without a listener would end the process.
    stream.on('error', () => undefined);
    if (part !== 'file') {
      this.#fail(new Failure('invalid', 'The file must be the part called file'));
    } else if (name !== undefined && name.length > NAME_MAX) {
      this.#fail(new Failure('invalid', `The name of the file has more than ${NAME_MAX} characters`));
    }
    if (this.#failure !== undefined) return;
    clearTimeout(this.#timer);
    this.#fileSeen = stream;
    // A name whose encoding is unknown is left out: it only helps people to find the upload.
    const isNamed = name !== undefined && name !== '' && !name.includes('\uFFFD');
    this.#tellFile({ name: isNamed ? name : undefined, type, chunks: this.#chunks(stream) });
  }

  async *#chunks(stream: BusboyFileStream): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of stream) yield chunk as Buffer;
    } catch (error) {
      throw this.#failure ?? brokenForm(error);
    }
  }

  #finish(): void {
    clearTimeout(this.#timer);
    this.#refuseFile(new Failure('invalid', 'The form has no file'));
    this.#tellEnd();
  }

  #fail(failure: Failure): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    this.leave();
    this.#refuseFile(failure);
    this.#refuseEnd(failure);
    this.#fileSeen?.destroy(failure);
  }

  #limitTime(): void {
    this.#timer = setTimeout(() => {
      this.#fail(new Failure('timeout', 'The form came too slowly; nothing was stored'));
    }, AROUND_FILE_MS);
  }
}

const brokenForm = (cause: unknown): Failure =>
  new Failure('invalid', 'The form is broken or was cut off; nothing was stored', { cause });

function busboyOf(contentType: string): FormParser {
  try {
    return new Busboy({ headers: { 'content-type': contentType }, limits });
  } catch (error) {
    throw new Failure('invalid', 'The Content-Type names no boundary', { cause: error });
  }
}
