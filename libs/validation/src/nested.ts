import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsOptional, ValidateNested } from 'class-validator';
import { field, listFromText, markBody, markNested, type FieldOptions, type ShapeClass } from './field.js';

/** What the items of a list are, in words (in the plural), in code and, where given, in OpenAPI. */
interface ItemKind {
  readonly name: string;
  readonly test: (value: unknown) => boolean;
  readonly api?: NonNullable<ApiPropertyOptions['items']>;
}

/** A list of at most `max` items that pass `test`; the error names the place of a wrong one. */
export const IsListOf = (kind: ItemKind, max: number, options?: FieldOptions): PropertyDecorator =>
  field(
    {
      name: 'isListOf',
      message: `a list of at most ${max} ${kind.name}`,
      test: (value) => Array.isArray(value) && value.length <= max && value.every(kind.test),
      where: (value) => {
        if (!Array.isArray(value) || value.length > max) return '';
        return `; the item at index ${String(value.findIndex((one) => !kind.test(one)))} is wrong`;
      },
      fromText: listFromText,
      api: { type: 'array', items: kind.api ?? {}, maxItems: max },
    },
    options,
  );

/** A nested object of the given shape. */
export const IsShape = (type: ShapeClass, options: FieldOptions = {}): PropertyDecorator =>
  applyDecorators(
    ApiProperty({ type, required: options.optional !== true }),
    ...(options.optional === true ? [IsOptional()] : []),
    ValidateNested(),
    Type(() => type),
    (target: object, key: string | symbol) => {
      markNested(target, String(key), { type, many: false });
    },
  );

/** A list of `min` to `max` objects of the given shape. */
export const IsShapes = (type: ShapeClass, min: number, max: number, options: FieldOptions = {}): PropertyDecorator =>
  applyDecorators(
    field(
      {
        name: 'isShapes',
        message: `a list of ${min} to ${max} objects`,
        test: (value) => Array.isArray(value) && value.length >= min && value.length <= max,
        api: { type, isArray: true, minItems: min, maxItems: max },
      },
      options,
    ),
    ValidateNested({ each: true }),
    Type(() => type),
    (target: object, key: string | symbol) => {
      markNested(target, String(key), { type, many: true });
    },
  );

/** The field that travels as raw bytes beside the JSON of the other fields; at most one a shape. */
export const IsBody = (): PropertyDecorator =>
  applyDecorators(
    field({
      name: 'isBody',
      message: 'bytes',
      test: (value) => value instanceof Uint8Array,
      api: { type: 'string', format: 'binary' },
    }),
    (target: object, key: string | symbol) => {
      markBody(target, String(key));
    },
  );
