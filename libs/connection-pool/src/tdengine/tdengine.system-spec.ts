import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { realTdengineUrl, startTdengineStandIn, type TdengineStandIn } from '@mystocks/testing';
import { itIsTdengine } from './tdengine.conformance.js';

let standIn: TdengineStandIn;
beforeAll(async () => {
  standIn = await startTdengineStandIn();
});
afterAll(() => standIn.stop());

itIsTdengine('the stand-in', () => standIn.url);

const url = realTdengineUrl();
if (url === undefined) {
  describe('a real TDengine', () => {
    it.skip('a real TDengine is not tried: TDENGINE_URL is not set (http://user:password@host:6041)', () => undefined);
  });
} else itIsTdengine('a real TDengine', () => url);
