import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Contract } from '../../contracts/define.ts';
import { ERRORS } from '../../contracts/errors.ts';
import { API_BASE, type RestAction, restActions } from '../../contracts/openapi.ts';
import { pagePolicy } from './security-headers.ts';

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
details { border-bottom: 1px solid #8884; padding: .4rem 0; }
summary { cursor: pointer; }
code, pre { font: 13px/1.5 ui-monospace, monospace; }
pre { overflow-x: auto; background: #8881; padding: .6rem; border-radius: .3rem; }
b { display: inline-block; min-width: 4.5rem; }
td, th { text-align: left; padding: .2rem .8rem .2rem 0; vertical-align: top; }
`;

/** Lets the page have its own style and nothing else. */
export const API_PAGE_POLICY = pagePolicy(createHash('sha256').update(STYLE).digest('base64'));

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (sign) => ESCAPES[sign] ?? sign);

/** The routes and errors of the API as one page for people, without scripts. */
export function apiPage(contracts: readonly Contract[], version: string): string {
  const groups = Map.groupBy(restActions(contracts), ({ contract }) => contract.name);
  const routes = Array.from(
    groups,
    ([name, actions]) => `<h2>${escaped(name)}</h2>${actions.map(route).join('')}`,
  );
  const errors = Object.entries(ERRORS).map(
    ([code, { status, title, help }]) =>
      `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${escaped(title)}</td><td>${escaped(help)}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Sightmesh API</title>
<style>${STYLE}</style></head>
<body>
<h1>Sightmesh API ${escaped(version)}</h1>
<p>All paths stand below <code>${API_BASE}</code>. The same for programs: <a href="/api/openapi.json">OpenAPI 3.1</a>.
Send <code>Authorization: Bearer &lt;token&gt;</code> with the token of <code>POST /login</code>.</p>
${routes.join('\n')}
<h2>errors</h2>
<table><tr><th>code</th><th>status</th><th>title</th><th>what to do</th></tr>${errors.join('\n')}</table>
</body></html>
`;
}

function route({ method, path, definition }: RestAction): string {
  const { summary, access = '', raw, params } = definition;
  const answer = raw ?? 'application/json';
  const schema = JSON.stringify(
    z.toJSONSchema(params, { io: 'input', unrepresentable: 'any' }),
    withoutDialect,
    2,
  );
  return `<details><summary><b>${method}</b> <code>${escaped(path)}</code> ${escaped(summary)}</summary>
<p>Right: <code>${access}</code>. Answers with <code>${escaped(answer)}</code>.</p><pre>${escaped(schema)}</pre></details>`;
}

const withoutDialect = (key: string, value: unknown): unknown => (key === '$schema' ? undefined : value);
