import type { ServiceSchema } from 'moleculer';
import { accounts } from '../../contracts/accounts.ts';
import type { NodeContext } from '../../mixins/context.ts';
import { serviceSchema } from '../../mixins/service.ts';
import { createTokens } from '../../store/tokens.ts';
import type { AuditRecord } from '../../store/types.ts';
import { Logins, sessionUser } from './logins.ts';
import { Passwords } from './passwords.ts';
import { Users } from './users.ts';

export type AccountsParts = Pick<NodeContext, 'log' | 'store' | 'secrets'> & {
  readonly config: Pick<NodeContext['config'], 'sessions'>;
};

const HOUR_MS = 3_600_000;
const KEEP_AUDIT_MS = 400 * 24 * HOUR_MS;

/** Users, logins and the audit trail. */
export function createAccountsService({ log, store, secrets, config }: AccountsParts): ServiceSchema {
  const passwords = new Passwords();
  const tokens = createTokens(secrets.derive('tokens'));
  const sessionMs = config.sessions.hours * HOUR_MS;
  const logins = new Logins({ store, passwords, tokens, sessionMs });
  const users = new Users({ store, passwords, onChange: () => logins.forget() });
  let sweeping: NodeJS.Timeout | undefined;

  async function sweep(): Promise<void> {
    try {
      await store.sessions.removeExpired(Date.now());
      await store.audit.removeBefore(Date.now() - KEEP_AUDIT_MS);
    } catch (err) {
      log.warn({ err }, 'expired sessions and old audit records stay until the next hour');
    }
  }

  return serviceSchema({
    contract: accounts,
    log,
    start: () => {
      sweeping = setInterval(() => void sweep(), HOUR_MS).unref();
      void sweep();
    },
    stop: () => clearInterval(sweeping),
    actions: {
      login: (params, { meta }) => logins.login(params, meta),
      logout: async (_params, { meta }) => {
        await logins.logout(meta.session);
        return {};
      },
      session: (_params, { meta: { caller } }) => ({ user: caller ? sessionUser(caller) : null }),
      changePassword: async (params, { meta }) => {
        await logins.changePassword(params, meta);
        return {};
      },
      listUsers: async () => ({ items: await users.list() }),
      createUser: (params) => users.create(params),
      updateUser: (params, { meta: { caller, session } }) =>
        users.update(params, caller?.user === params.name ? session : undefined),
      deleteUser: async ({ name }) => {
        await users.remove(name);
        return {};
      },
      authenticate: ({ token }) => logins.authenticate(token),
      listAudit: async ({ limit, cursor }) => {
        const records = await store.audit.list(limit + 1, cursor);
        const page = records.slice(0, limit);
        const last = page.at(-1);
        const items = page.map(shownAudit);
        return records.length > limit && last ? { items, next: last.id } : { items };
      },
    },
  });
}

const shownAudit = ({ id, time, user, action, target, address, ok }: AuditRecord) => ({
  id,
  time: new Date(time).toISOString(),
  user,
  action,
  target,
  address,
  ok,
});
