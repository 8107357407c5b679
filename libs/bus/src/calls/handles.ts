import type { Call, RequestOf, ResponseOf } from '@mystocks/contracts';
import type { Caller } from '@mystocks/identity';
import { applyDecorators, Catch, UseFilters, type ExceptionFilter } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { PARAM_ARGS_METADATA } from '@nestjs/microservices/constants.js';

/** The type of a method that handles `C`. */
export type HandlerOf<C extends Call> = (request: RequestOf<C>, caller: Caller | undefined) => Promise<ResponseOf<C>>;

/** Carries what a handler threw through Nest's pipeline to the server. */
export class Thrown {
  constructor(readonly error: unknown) {}
}

/** Replaces Nest's own filter, which would log the error and turn it into an RxJS stream: the server needs the error. */
@Catch()
class PassErrorToServer implements ExceptionFilter {
  catch(error: unknown): Thrown {
    return new Thrown(error);
  }
}

/**
 * Makes a controller's method the handler of `call`. Its subject, request shape, permission and deadline come from the
 * contract; a method whose types do not match the contract does not compile.
 */
export function Handles<C extends Call>(
  call: C,
): <M extends HandlerOf<C>>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<M>) => void {
  const decorate = applyDecorators(MessagePattern(call.subject, { call }), UseFilters(PassErrorToServer));
  return (target, key, descriptor) => {
    // Without parameter metadata Nest passes both arguments; by default it passes the first one only.
    Reflect.defineMetadata(PARAM_ARGS_METADATA, {}, target.constructor, key);
    decorate(target, key, descriptor as TypedPropertyDescriptor<unknown>);
  };
}
