import { SightmeshError } from '../../contracts/errors.ts';

type Values = Record<string, unknown>;

/** The query of an address; a name that stands twice becomes an array. */
export function queryOf(url: string): Values {
  const at = url.indexOf('?');
  const search = new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
  return Object.fromEntries(
    Array.from(new Set(search.keys()), (name) => {
      const all = search.getAll(name);
      return [name, all.length === 1 ? all[0] : all];
    }),
  );
}

/**
 * The params of an action from where they may stand. What the path says cannot be said differently elsewhere.
 * @throws SightmeshError `bad_request`
 */
export function mergeParams(path: Values, query: Values, body: Values): Values {
  for (const [place, values] of Object.entries({ query, body })) {
    for (const [name, value] of Object.entries(path)) {
      if (!Object.hasOwn(values, name) || values[name] === value) continue;
      const message = `stands in the path already, the ${place} says something else`;
      throw new SightmeshError('bad_request', `${name}: ${message}`, { errors: [{ path: name, message }] });
    }
  }
  return { ...query, ...body, ...path };
}
