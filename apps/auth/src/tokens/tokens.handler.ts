import { Controller } from '@nestjs/common';
import { Handles } from '@mystocks/bus';
import { IssuedToken, issueToken, IssueTokenRequest, KeySet, listKeys } from '@mystocks/contracts';
import { TokensService } from './tokens.service.js';

@Controller()
export class TokensHandler {
  constructor(private readonly tokens: TokensService) {}

  @Handles(issueToken)
  issue(request: IssueTokenRequest): Promise<IssuedToken> {
    return this.tokens.issue(request);
  }

  @Handles(listKeys)
  keys(): Promise<KeySet> {
    return Promise.resolve(this.tokens.keys());
  }
}
