export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed when it is JSON, else undefined. */
  readonly json: unknown;
  readonly body: Buffer;
}

/** The API of a node, as an integrator uses it. */
export class Api {
  readonly base: string;
  #token: string | undefined;

  constructor(http: string, token?: string) {
    this.base = `${http}/api/v1`;
    this.#token = token;
  }

  get token(): string {
    if (this.#token === undefined) throw new Error('not logged in');
    return this.#token;
  }

  async login(password: string, username = 'admin'): Promise<this> {
    const { status, json } = await this.call('POST', '/login', { username, password });
    if (status !== 200) throw new Error(`login answered ${String(status)}: ${JSON.stringify(json)}`);
    this.#token = (json as { token: string }).token;
    return this;
  }

  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(this.base + path, {
      method,
      headers: {
        ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      json: isJson && bytes.length > 0 ? (JSON.parse(bytes.toString('utf8')) as unknown) : undefined,
      body: bytes,
    };
  }

  /** The JSON of an answer of success. @throws Error with the problem document otherwise */
  async json<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await this.call(method, path, body);
    if (answer.status >= 300) {
      throw new Error(
        `${method} ${path} answered ${String(answer.status)}: ${answer.body.toString('utf8').slice(0, 500)}`,
      );
    }
    return answer.json as T;
  }

  get<T>(path: string): Promise<T> {
    return this.json<T>('GET', path);
  }
}
