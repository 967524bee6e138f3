import type { ActionDefinition, Contract } from '../../contracts/define.ts';
import { SightmeshError } from '../../contracts/errors.ts';
import { openApi } from '../../contracts/openapi.ts';
import { mediaRoutes } from '../../contracts/routes.ts';
import { authenticate, authorize, type Login } from './access.ts';
import { API_PAGE_POLICY, apiPage } from './api-page.ts';
import { joinMetrics } from './metrics.ts';
import { sendBuffer, sendJson } from './send.ts';
import type { Exchange, GatewayOptions } from './types.ts';

type OwnHandler = (exchange: Exchange) => Promise<void> | void;

export interface OwnRouteParts extends Pick<GatewayOptions, 'config' | 'version' | 'notReady' | 'metrics'> {
  readonly contracts: readonly Contract[];
  readonly brokerMetrics: () => string;
}

/** Figures show all cameras by their names. */
const METRICS_ACCESS = { access: 'system.view' } as ActionDefinition;

/** The routes beside the API. Those of health say nothing but yes or no and why, and need no login. */
export function createOwnRoutes(parts: OwnRouteParts): Readonly<Record<string, OwnHandler>> {
  const { config, contracts, version, notReady, metrics, brokerMetrics } = parts;
  const description = Buffer.from(JSON.stringify(openApi(contracts, version)));
  const page = Buffer.from(apiPage(contracts, version));
  const allow = async ({ request }: Exchange, definition: ActionDefinition): Promise<Login | undefined> => {
    const login = await authenticate(request.$ctx.broker, request, config.http.trustProxy);
    authorize(definition, login);
    return login;
  };
  return {
    '/healthz': ({ response }) => sendJson(response, 200, { ok: true }),
    '/readyz': ({ response }) => {
      const reasons = notReady();
      sendJson(response, reasons.length === 0 ? 200 : 503, { ready: reasons.length === 0, reasons });
    },
    '/metrics': async (exchange) => {
      const login = await allow(exchange, METRICS_ACCESS);
      if (login?.caller.cameras !== '*')
        throw new SightmeshError('forbidden', 'figures of all cameras are for those who may see all cameras');
      const text = joinMetrics([brokerMetrics(), (await metrics?.()) ?? '']);
      sendBuffer(exchange.response, 200, 'text/plain; version=0.0.4; charset=utf-8', Buffer.from(text));
    },
    '/api/openapi.json': async (exchange) => {
      await allow(exchange, mediaRoutes.actions.openapi);
      sendBuffer(exchange.response, 200, 'application/json', description);
    },
    '/api': async (exchange) => {
      await allow(exchange, mediaRoutes.actions.openapi);
      exchange.response.setHeader('content-security-policy', API_PAGE_POLICY);
      sendBuffer(exchange.response, 200, 'text/html; charset=utf-8', page);
    },
  };
}
