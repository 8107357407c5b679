import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';
import type { Call } from '@mystocks/contracts';

export const POLICY = 'access policy';

/** Who may use the route: what the contract of the call behind it says. A route without a policy refuses every caller. */
export const AllowedBy = (call: Pick<Call, 'allow'>): MethodDecorator =>
  call.allow === 'anyone'
    ? SetMetadata(POLICY, call.allow)
    : applyDecorators(SetMetadata(POLICY, call.allow), ApiBearerAuth());

/** Documents without personal data. */
export const Public = (): MethodDecorator => SetMetadata(POLICY, 'anyone');
