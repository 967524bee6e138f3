import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Service } from 'moleculer';
import { SightmeshError } from '../../contracts/errors.ts';
import type { Logger } from '../../mixins/health.ts';
import { checkPath } from './paths.ts';
import { sendProblem } from './problem.ts';
import { setSecurityHeaders } from './security-headers.ts';
import type { StaticFiles } from './static-files.ts';

export interface Alias {
  readonly method: string;
  match(url: string): unknown;
}

/** What we use of moleculer-web. */
export type WebService = Service & {
  aliases: readonly Alias[];
  addRoute(route: object): unknown;
  regenerateAllAutoAliases: () => void;
  httpHandler(request: IncomingMessage, response: ServerResponse): Promise<void>;
};

export interface FrontDoorParts {
  readonly service: WebService;
  readonly log: Logger;
  /** Files of the console. */
  readonly files: StaticFiles | undefined;
}

/** The alias of a request; what can be read answers HEAD too. */
export function resolveAlias(
  aliases: readonly Alias[],
  url: string,
  method: string,
): { alias: Alias; params: unknown } | false {
  const wanted = method === 'HEAD' ? 'GET' : method;
  for (const alias of aliases) {
    const params = alias.method === wanted && alias.match(url);
    if (params) return { alias, params };
  }
  return false;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE', 'OPTIONS'];

/** Where every request comes in and every error goes out. */
export class FrontDoor {
  readonly #parts: FrontDoorParts;

  constructor(parts: FrontDoorParts) {
    this.#parts = parts;
  }

  /** Never throws. */
  open(request: IncomingMessage, response: ServerResponse): void {
    const requestId = randomUUID();
    setSecurityHeaders(response);
    response.setHeader('x-request-id', requestId);
    // moleculer-web takes the id of a request from here; what a caller writes there is not ours.
    request.headers['x-request-id'] = requestId;
    delete request.headers['x-correlation-id'];
    response.on('error', () => undefined);
    try {
      const { method = 'GET', url = '/', headers, httpVersion } = request;
      if (headers.host === undefined && httpVersion === '1.1')
        throw new SightmeshError('bad_request', 'the header Host is missing');
      if (!METHODS.includes(method))
        throw new SightmeshError('method_not_allowed', undefined, { allow: METHODS });
      checkPath(url);
      if (method === 'OPTIONS') this.#options(url, response);
      else void this.#parts.service.httpHandler(request, response);
    } catch (error) {
      this.fail(request, response, error);
    }
  }

  /** What no route answers: a file of the console, a method that does not fit, or nothing. */
  unrouted(request: IncomingMessage, response: ServerResponse): void {
    const { originalUrl, url = '/' } = request as IncomingMessage & { originalUrl?: string };
    request.url = originalUrl ?? url;
    if (this.#parts.files?.serve(request, response) === true) return;
    const allow = this.#methodsOf(request.url);
    const error =
      allow.length > 0
        ? new SightmeshError('method_not_allowed', undefined, { allow })
        : new SightmeshError('not_found');
    this.fail(request, response, error);
  }

  /** Answers with the problem document, and logs what is our fault. */
  fail(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const requestId = String(response.getHeader('x-request-id'));
    const gone = response.headersSent && response.destroyed;
    const { status, code } = sendProblem(response, error, requestId);
    if (status < 500 || gone) return;
    const { method, url = '/' } = request;
    const fields = { requestId, method, path: url.split('?', 1)[0], code };
    if (code === 'internal') this.#parts.log.error({ ...fields, err: error }, 'a request failed');
    else this.#parts.log.debug(fields, 'a request could not be served');
  }

  /** What may be asked here. No origin is allowed to: the API is for its own pages and for programs. */
  #options(url: string, response: ServerResponse): void {
    const allow = this.#methodsOf(url);
    if (allow.length === 0) throw new SightmeshError('not_found');
    response.writeHead(204, { allow: [...allow, 'OPTIONS'].join(', ') }).end();
  }

  #methodsOf(url: string): string[] {
    const path = withoutTrailingSlash(url.split('?', 1)[0] ?? '/');
    const methods = this.#parts.service.aliases
      .filter((alias) => alias.match(path) !== false)
      .map(({ method }) => method);
    return Array.from(new Set(methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))));
  }
}

const withoutTrailingSlash = (path: string): string =>
  path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
