import { accounts } from '../../contracts/accounts.ts';
import { type ActionDefinition, client } from '../../contracts/define.ts';
import { SightmeshError } from '../../contracts/errors.ts';
import type { Login } from './access.ts';
import { clearSessionCookie, PasswordGuard, setSessionCookie } from './login-routes.ts';
import { clientAddress, isSecure, refuseOtherSites } from './origin.ts';
import type { Exchange, GatewayOptions } from './types.ts';

/** Calls an action in a way of its own, with params that are parsed already; returns the result. */
export type CallHandler = (exchange: Exchange, params: unknown, login: Login | undefined) => Promise<unknown>;

/** The actions around passwords and the cookie; all others are simply called. */
export function createAccountRoutes({
  config,
}: Pick<GatewayOptions, 'config'>): ReadonlyMap<ActionDefinition, CallHandler> {
  const { trustProxy } = config.http;
  const guard = new PasswordGuard(config.sessions.loginsPerMinute);
  const { login, logout, changePassword } = accounts.actions;
  const handlers = new Map<ActionDefinition, CallHandler>();

  handlers.set(login, async ({ request, response }, params) => {
    refuseOtherSites(request, trustProxy);
    const credentials = params as { username: string; password: string };
    const result = await guard.run(clientAddress(request, trustProxy), credentials.username, () =>
      client(request.$ctx, accounts).login(credentials),
    );
    setSessionCookie(response, result.token, new Date(result.expires), isSecure(request, trustProxy));
    return result;
  });
  handlers.set(logout, async ({ request, response }) => {
    await client(request.$ctx, accounts).logout({});
    clearSessionCookie(response, isSecure(request, trustProxy));
    return {};
  });
  handlers.set(changePassword, async ({ request }, params, who) => {
    if (!who) throw new SightmeshError('unauthenticated');
    return guard.run(clientAddress(request, trustProxy), who.caller.user, () =>
      client(request.$ctx, accounts).changePassword(params as { current: string; password: string }),
    );
  });
  return handlers;
}
