import { Controller, Get, Patch, Req } from '@nestjs/common';
import { ApiTags, OmitType } from '@nestjs/swagger';
import { Bus } from '@mystocks/bus';
import {
  changeRoles,
  ChangeRolesRequest,
  Failure,
  listUsers,
  ListUsersRequest,
  type User,
  type UserPage,
} from '@mystocks/contracts';
import type { FastifyRequest } from 'fastify';
import { Operates } from '../docs/operation.js';
import { checkInput, fromQuery, jsonOf } from '../http/input.js';

/** The account is named in the path. */
class RolesBody extends OmitType(ChangeRolesRequest, ['id'] as const) {}

@ApiTags('identity')
@Controller('api/v2/users')
export class UsersController {
  constructor(private readonly bus: Bus) {}

  @Get()
  @Operates(listUsers, { summary: 'All accounts', query: ListUsersRequest })
  list(@Req() request: FastifyRequest): Promise<UserPage> {
    return this.bus.call(listUsers, fromQuery(ListUsersRequest, request));
  }

  @Patch(':id/roles')
  @Operates(changeRoles, { summary: 'Replace the roles of an account', path: ['id'], body: RolesBody })
  changeRoles(@Req() request: FastifyRequest): Promise<User> {
    const { value } = jsonOf(request);
    if (typeof value !== 'object' || value === null || Array.isArray(value) || 'id' in value) {
      throw new Failure('invalid', 'The body must be {"roles":[…]}; the account is named in the path');
    }
    const { id } = request.params as { readonly id: string };
    return this.bus.call(changeRoles, checkInput(ChangeRolesRequest, { ...value, id }));
  }
}
