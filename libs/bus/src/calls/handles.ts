import type { Call, RequestOf, ResponseOf } from '@mystocks/contracts';
import type { Caller } from '@mystocks/identity';
import { applyDecorators, Catch, UseFilters, type ExceptionFilter } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { PARAM_ARGS_METADATA } from '@nestjs/microservices/constants.js';

/** What a method that serves `C` looks like. */
export type HandlerOf<C extends Call> = (request: RequestOf<C>, caller: Caller | undefined) => Promise<ResponseOf<C>>;

/** What a handler threw, on its way through Nest's pipeline to the server. */
export class Thrown {
  constructor(readonly error: unknown) {}
}

/** Nest's own filter would log the error and turn it into an RxJS stream; the server wants the thing itself. */
@Catch()
class HandThrownOver implements ExceptionFilter {
  catch(error: unknown): Thrown {
    return new Thrown(error);
  }
}

/**
 * Makes a controller's method serve `call`. The subject, the parsing of the request, the permission and the deadline
 * come from the contract; a method whose types drift from it does not compile.
 */
export function Handles<C extends Call>(
  call: C,
): <M extends HandlerOf<C>>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<M>) => void {
  const decorate = applyDecorators(MessagePattern(call.subject, { call }), UseFilters(HandThrownOver));
  return (target, key, descriptor) => {
    // No parameter metadata: Nest then hands both arguments on as they are; by default it passes the first one only.
    Reflect.defineMetadata(PARAM_ARGS_METADATA, {}, target.constructor, key);
    decorate(target, key, descriptor as TypedPropertyDescriptor<unknown>);
  };
}
