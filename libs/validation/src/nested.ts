import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsOptional, ValidateNested } from 'class-validator';
import { field, markBody, markNested, type FieldOptions, type ShapeClass } from './field.js';

/** A list of at most `max` scalars that pass `test`. */
export const IsListOf = (
  kind: { readonly name: string; readonly test: (value: unknown) => boolean },
  max: number,
  options?: FieldOptions,
): PropertyDecorator =>
  field(
    {
      name: 'isListOf',
      message: `a list of at most ${max} ${kind.name}`,
      test: (value) => Array.isArray(value) && value.length <= max && value.every(kind.test),
      fromText: (text) => text.split(',').map((one) => one.trim()),
      api: { type: 'array', items: {}, maxItems: max },
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
