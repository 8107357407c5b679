import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { IsOptional, ValidateBy, type ValidationOptions } from 'class-validator';

/** A class whose fields carry the decorators of this library. */
export type ShapeClass<T extends object = object> = new () => T;

export interface Rule {
  /** Name of the rule in class-validator's metadata. */
  readonly name: string;
  /** What a valid value is, completing "<field> must be …". */
  readonly message: string;
  /** More about one value that is not, e.g. where in a list; after the message. It must not repeat the value. */
  readonly where?: (value: unknown) => string;
  /** Number of the problem (`problems` in libs/contracts); 1001 VALIDATION_ERROR by default. */
  readonly code?: number;
  readonly test: (value: unknown) => boolean;
  /** How a text source (query string, form, CSV cell) reads the value; by default it stays text. */
  readonly fromText?: (text: string) => unknown;
  readonly api: ApiPropertyOptions;
}

export interface FieldOptions {
  /** The field may be absent. */
  readonly optional?: boolean;
  readonly description?: string;
}

export const VALIDATION_ERROR = 1001;

/** The items of a comma list without the blanks around them; anything else that is no visible character stays, to be refused. */
export const listFromText = (text: string): string[] => text.split(',').map((one) => one.replace(/^ +| +$/g, ''));

const TEXT_READERS = Symbol('text readers');
const NESTED = Symbol('nested shapes');
const BODY = Symbol('body field');

export interface Nested {
  readonly type: ShapeClass;
  readonly many: boolean;
}

/** One decorator from one rule: class-validator checks it, OpenAPI describes it, text doors read it. */
export function field(rule: Rule, options: FieldOptions = {}): PropertyDecorator {
  const validation: ValidationOptions = { context: { code: rule.code ?? VALIDATION_ERROR } };
  const api = { ...rule.api, required: options.optional !== true } as ApiPropertyOptions;
  const decorators = [
    ValidateBy(
      {
        name: rule.name,
        validator: {
          validate: rule.test,
          // A shape is also described without any value (describeShape).
          defaultMessage: (about) =>
            `must be ${rule.message}${about?.value === undefined ? '' : (rule.where?.(about.value) ?? '')}`,
        },
      },
      validation,
    ),
    ApiProperty(options.description === undefined ? api : { ...api, description: options.description }),
  ];
  if (options.optional === true) decorators.push(IsOptional());
  const fromText = rule.fromText;
  if (fromText !== undefined) {
    decorators.push((target: object, key: string | symbol) => {
      remember(TEXT_READERS, target, String(key), fromText);
    });
  }
  return applyDecorators(...decorators);
}

/** Marks the field that travels as raw bytes beside the JSON of the others (libs/bus). */
export function markBody(target: object, key: string): void {
  Reflect.defineMetadata(BODY, key, target);
}

/** Name of the raw-bytes field of a shape, if it has one. */
export function bodyField(shape: ShapeClass): string | undefined {
  return Reflect.getMetadata(BODY, shape.prototype as object) as string | undefined;
}

export function markNested(target: object, key: string, nested: Nested): void {
  remember(NESTED, target, key, nested);
}

export function nestedOf(shape: ShapeClass): ReadonlyMap<string, Nested> {
  return recall<Nested>(NESTED, shape);
}

export function textReadersOf(shape: ShapeClass): ReadonlyMap<string, (text: string) => unknown> {
  return recall<(text: string) => unknown>(TEXT_READERS, shape);
}

function remember(kind: symbol, target: object, key: string, value: unknown): void {
  const inherited = (Reflect.getMetadata(kind, target) ?? new Map()) as Map<string, unknown>;
  Reflect.defineMetadata(kind, new Map(inherited).set(key, value), target);
}

function recall<T>(kind: symbol, shape: ShapeClass): ReadonlyMap<string, T> {
  return (Reflect.getMetadata(kind, shape.prototype as object) ?? new Map()) as ReadonlyMap<string, T>;
}
