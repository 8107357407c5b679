import { Controller } from '@nestjs/common';
import { Handles } from '@mystocks/bus';
import {
  issueServiceToken,
  issueToken,
  listKeys,
  type IssuedToken,
  type IssueServiceTokenRequest,
  type IssueTokenRequest,
  type KeySet,
  type ServiceToken,
} from '@mystocks/contracts';
import { ServiceTokensService } from './service-tokens.service.js';
import { TokensService } from './tokens.service.js';

@Controller()
export class TokensHandler {
  constructor(
    private readonly tokens: TokensService,
    private readonly services: ServiceTokensService,
  ) {}

  @Handles(issueToken)
  issue(request: IssueTokenRequest): Promise<IssuedToken> {
    return this.tokens.issue(request);
  }

  @Handles(issueServiceToken)
  issueToService(request: IssueServiceTokenRequest): Promise<ServiceToken> {
    return this.services.issue(request);
  }

  @Handles(listKeys)
  keys(): Promise<KeySet> {
    return Promise.resolve(this.tokens.keys());
  }
}
