import { Controller } from '@nestjs/common';
import { Handles } from '@mystocks/bus';
import {
  bootstrapAdministrator,
  BootstrapAdministratorRequest,
  changeRoles,
  ChangeRolesRequest,
  Failure,
  getMe,
  GetMeRequest,
  listUsers,
  ListUsersRequest,
  registerUser,
  RegisterUserRequest,
  User,
  UserPage,
} from '@mystocks/contracts';
import type { Caller } from '@mystocks/identity';
import { UsersService } from './users.service.js';

@Controller()
export class UsersHandler {
  constructor(private readonly users: UsersService) {}

  @Handles(registerUser)
  register(request: RegisterUserRequest): Promise<User> {
    return this.users.register(request);
  }

  @Handles(bootstrapAdministrator)
  bootstrap(request: BootstrapAdministratorRequest): Promise<User> {
    return this.users.bootstrap(request);
  }

  @Handles(getMe)
  async me(_request: GetMeRequest, caller: Caller | undefined): Promise<User> {
    return this.users.me(known(caller));
  }

  @Handles(listUsers)
  list(request: ListUsersRequest): Promise<UserPage> {
    return this.users.list(request);
  }

  @Handles(changeRoles)
  async changeRoles(request: ChangeRolesRequest, caller: Caller | undefined): Promise<User> {
    return this.users.changeRoles(request, known(caller));
  }
}

function known(caller: Caller | undefined): Caller {
  if (caller === undefined) throw new Failure('unauthenticated', 'This needs an access token');
  return caller;
}
