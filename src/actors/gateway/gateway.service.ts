import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Service, ServiceBroker, ServiceSchema, ServiceSettingSchema } from 'moleculer';
import ApiGateway from 'moleculer-web';
import { EVENT_NAMES, type EventName, type Events } from '../../contracts/events.ts';
import { PUBLIC_CONTRACTS } from '../../contracts/index.ts';
import { API_BASE, restActions } from '../../contracts/openapi.ts';
import { mediaRoutes } from '../../contracts/routes.ts';
import { listen as listenTo } from '../../mixins/events.ts';
import { stopOnce } from '../../mixins/health.ts';
import { loginOf } from './access.ts';
import { EventStream } from './event-stream.ts';
import { FrontDoor, resolveAlias, type WebService } from './front-door.ts';
import { createMediaRoutes } from './media-routes.ts';
import { createBrokerMetrics } from './metrics.ts';
import { MseUpgrades } from './mse-upgrade.ts';
import { createOwnRoutes } from './own-routes.ts';
import { createPipeline } from './pipeline.ts';
import { closeServer, createWebServer, listen, type WebServer } from './server.ts';
import { StaticFiles } from './static-files.ts';
import type { Exchange, GatewayOptions, GatewayRequest } from './types.ts';
import { LoginWatch } from './watch.ts';

/** We have a server of our own, add our routes ourselves, and log requests elsewhere. */
const SETTINGS: ServiceSettingSchema & ApiSettings = {
  server: false,
  routes: null,
  logRouteRegistration: null,
  logRequest: null,
  logResponse: null,
};

type ApiSettings = Record<
  'server' | 'routes' | 'logRouteRegistration' | 'logRequest' | 'logResponse',
  false | null
>;

type Handler = (exchange: Exchange) => Promise<void> | void;

/**
 * The door to the outside: REST, media, events and the console on one port. moleculer-web routes; what may pass is
 * decided here, by the contracts. It refuses to start when its address cannot be used.
 */
export function createGatewayService(options: GatewayOptions): ServiceSchema {
  const { log, config } = options;
  let parts: Parts | undefined;
  const running = (): Parts => {
    if (!parts) throw new Error('the gateway has not been created');
    return parts;
  };
  return {
    name: mediaRoutes.name,
    mixins: [ApiGateway as ServiceSchema],
    settings: SETTINGS,
    actions: { listAliases: false, addRoute: false, removeRoute: false },
    methods: {
      /** Path parameters only: we read the query ourselves. */
      parseQueryString: ({ url = '/' }: IncomingMessage) => ({ query: {}, url: url.split('?', 1)[0] ?? '/' }),
      resolveAlias(this: WebService, url: string, method: string) {
        return resolveAlias(this.aliases, url, method);
      },
      errorHandler: (request: IncomingMessage, response: ServerResponse, error: unknown) =>
        running().door.fail(request, response, error),
      send404: (request: IncomingMessage, response: ServerResponse) =>
        running().door.unrouted(request, response),
    },
    events: listenTo(
      Object.fromEntries(
        EVENT_NAMES.map((name) => [
          name,
          (payload: Events[EventName]) => running().stream.publish(name, payload),
        ]),
      ),
    ),
    created(this: Service) {
      const service = this as WebService;
      parts = createParts(options, service);
      service.regenerateAllAutoAliases = () => undefined;
      service.addRoute({
        path: '/',
        aliases: aliasesOf(parts.handlers),
        bodyParsers: false,
        mappingPolicy: 'restrict',
        logging: false,
        pathToRegexpOptions: { sensitive: true },
      });
    },
    async started() {
      const { server } = running();
      const { address, port } = await listen(server, config.http);
      const protocol = config.tls.cert === null ? 'http' : 'https';
      options.onListening?.({ protocol, host: address, port });
    },
    stopped: stopOnce(() => parts?.close(), log, mediaRoutes.name),
  };
}

interface Parts {
  readonly server: WebServer;
  readonly door: FrontDoor;
  readonly stream: EventStream;
  /** By `<method> <path>`. */
  readonly handlers: ReadonlyMap<string, Handler>;
  close(): Promise<void>;
}

function createParts(options: GatewayOptions, service: WebService): Parts {
  const { log, config, media, consoleFolder } = options;
  const broker: ServiceBroker = service.broker;
  const watch = new LoginWatch(
    (token) => loginOf(broker, token),
    (err) => log.warn({ err }, 'logins could not be looked up; what they opened stays open'),
  );
  const stream = new EventStream(watch);
  const answer = createPipeline({ ...options, raw: createMediaRoutes({ media, stream, watch }), watch });
  const own = createOwnRoutes({
    ...options,
    contracts: PUBLIC_CONTRACTS,
    brokerMetrics: createBrokerMetrics(broker),
  });
  const handlers = new Map<string, Handler>();
  for (const action of restActions(PUBLIC_CONTRACTS))
    handlers.set(`${action.method} ${API_BASE}${action.path}`, (exchange) => answer(action, exchange));
  for (const [path, handler] of Object.entries(own)) handlers.set(`GET ${path}`, handler);
  const files = consoleFolder === null ? undefined : new StaticFiles(consoleFolder);
  const door = new FrontDoor({ service, log, files });
  const upgrades = new MseUpgrades({ target: broker, media, log, config, watch });
  const server = createWebServer(config, {
    request: (request, response) => door.open(request, response),
    upgrade: (request, socket, head) => void upgrades.handle(request, socket, head),
  });
  return {
    server,
    door,
    stream,
    handlers,
    close: async () => {
      const closed = closeServer(server);
      stream.close();
      upgrades.close();
      watch.close();
      await closed;
    },
  };
}

type AliasHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error: unknown) => void,
) => void;

/** moleculer-web's own form of the handlers. */
function aliasesOf(handlers: ReadonlyMap<string, Handler>): Record<string, AliasHandler> {
  const alias =
    (handler: Handler): AliasHandler =>
    (request, response, next) => {
      const requestId = String(response.getHeader('x-request-id') ?? randomUUID());
      const run = async (): Promise<void> =>
        handler({ request: request as GatewayRequest, response, requestId });
      run().catch(next);
    };
  return Object.fromEntries(Array.from(handlers, ([route, handler]) => [route, alias(handler)]));
}
