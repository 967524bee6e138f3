/** What child processes inherit: all but our own variables, which may hold secrets that they have no use for. */
export function childEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SIGHTMESH_')));
}
