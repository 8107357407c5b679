import { UUID } from '@mystocks/kernel';
import { IsCount, IsListOf, IsMatching, IsOneOf, IsShapes, IsText } from '@mystocks/validation';
import { defineCall } from './definition/define.js';
import { roles, type Role } from './definition/roles.js';

const USERNAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{2,63}$/;
const isUsername = () => IsMatching(USERNAME, '3 to 64 letters, digits or ._@- and starting with a letter or digit');
// NIST SP 800-63B-4: at least 15 characters where the password is the only factor; no composition rules.
const isNewPassword = () => IsText(15, 256);
const isRoles = () =>
  IsListOf(
    { name: `of ${roles.join(', ')}`, test: (role) => (roles as readonly unknown[]).includes(role) },
    roles.length,
  );

export class RegisterUserRequest {
  @isUsername() readonly username!: string;
  @isNewPassword() readonly password!: string;
}

/** A user as others may see one: never a password hash. */
export class User {
  @IsMatching(UUID, 'a UUID') readonly id!: string;
  @isUsername() readonly username!: string;
  @isRoles() readonly roles!: Role[];
  @IsText(1, 40) readonly created_at!: string;
}

export const registerUser = defineCall({
  subject: 'svc.auth.users.register.v1',
  request: RegisterUserRequest,
  response: User,
  timeoutMs: 5_000,
  effect: 'once',
  allow: 'anyone',
});

export class BootstrapAdministratorRequest extends RegisterUserRequest {
  /** The one-time token of AUTH_BOOTSTRAP_TOKEN. */
  @IsText(32, 128) readonly bootstrap_token!: string;
}

/** Makes the first administrator; refused for ever once there is one. */
export const bootstrapAdministrator = defineCall({
  subject: 'svc.auth.users.bootstrap.v1',
  request: BootstrapAdministratorRequest,
  response: User,
  timeoutMs: 5_000,
  effect: 'once',
  allow: 'anyone',
});

export class IssueTokenRequest {
  @IsOneOf(['password']) readonly grant_type!: 'password';
  @IsText(1, 64) readonly username!: string;
  @IsText(1, 256) readonly password!: string;
}

export class IssuedToken {
  @IsText(1, 4_096) readonly access_token!: string;
  @IsOneOf(['Bearer']) readonly token_type!: 'Bearer';
  /** Seconds. */
  @IsCount(1, 3_600) readonly expires_in!: number;
  /** The roles, separated by spaces. */
  @IsText(0, 200) readonly scope!: string;
}

export const issueToken = defineCall({
  subject: 'svc.auth.tokens.issue.v1',
  request: IssueTokenRequest,
  response: IssuedToken,
  timeoutMs: 5_000,
  effect: 'once',
  allow: 'anyone',
});

/** A service's own credentials (RFC 6749 §4.4, client credentials). */
export class IssueServiceTokenRequest {
  @IsMatching(/^[a-z][a-z-]{1,39}$/, 'the name of a service') readonly client_id!: string;
  @IsText(32, 256) readonly client_secret!: string;
}

export class ServiceToken {
  @IsText(1, 4_096) readonly access_token!: string;
  @IsOneOf(['Bearer']) readonly token_type!: 'Bearer';
  /** Seconds. */
  @IsCount(1, 3_600) readonly expires_in!: number;
}

/**
 * An access token for what a service does by itself, for no user. `anyone`: the secret is what decides; no HTTP route
 * leads here.
 */
export const issueServiceToken = defineCall({
  subject: 'svc.auth.tokens.issue-service.v1',
  request: IssueServiceTokenRequest,
  response: ServiceToken,
  timeoutMs: 2_000,
  effect: 'once',
  allow: 'anyone',
});

export class ListKeysRequest {}

/** A public signing key (RFC 7517, ES256 only). */
export class SigningKey {
  @IsOneOf(['EC']) readonly kty!: 'EC';
  @IsOneOf(['P-256']) readonly crv!: 'P-256';
  @IsText(40, 50) readonly x!: string;
  @IsText(40, 50) readonly y!: string;
  @IsText(1, 64) readonly kid!: string;
  @IsOneOf(['ES256']) readonly alg!: 'ES256';
  @IsOneOf(['sig']) readonly use!: 'sig';
}

export class KeySet {
  @IsShapes(SigningKey, 1, 10) readonly keys!: SigningKey[];
}

export const listKeys = defineCall({
  subject: 'svc.auth.keys.list.v1',
  request: ListKeysRequest,
  response: KeySet,
  timeoutMs: 2_000,
  effect: 'read',
  allow: 'anyone',
});

export class GetMeRequest {}

export const getMe = defineCall({
  subject: 'svc.auth.users.me.v1',
  request: GetMeRequest,
  response: User,
  timeoutMs: 1_500,
  effect: 'read',
  allow: roles,
});

export class ListUsersRequest {
  @IsCount(1, 200) readonly limit: number = 50;
  /** The last id of the page before. */
  @IsMatching(UUID, 'a UUID', { optional: true }) readonly after?: string;
}

export class UserPage {
  @IsShapes(User, 0, 200) readonly users!: User[];
}

export const listUsers = defineCall({
  subject: 'svc.auth.users.list.v1',
  request: ListUsersRequest,
  response: UserPage,
  timeoutMs: 1_500,
  effect: 'read',
  allow: ['admin'],
});

export class ChangeRolesRequest {
  @IsMatching(UUID, 'a UUID') readonly id!: string;
  @isRoles() readonly roles!: Role[];
}

/** Takes effect when the user's access token is renewed, at most 15 minutes later. */
export const changeRoles = defineCall({
  subject: 'svc.auth.users.change-roles.v1',
  request: ChangeRolesRequest,
  response: User,
  timeoutMs: 1_500,
  effect: 'idempotent',
  allow: ['admin'],
});
