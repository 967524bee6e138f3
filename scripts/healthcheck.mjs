// Exit code 0 when the node of this environment answers on /healthz. For containers.
import http from 'node:http';
import https from 'node:https';

const { SIGHTMESH_HTTP_PORT: port = '8080', SIGHTMESH_TLS_CERT: cert } = process.env;
const get = cert ? https.get : http.get;
// The certificate is for the name that viewers use, not for this address.
const request = get({ host: '127.0.0.1', port, path: '/healthz', rejectUnauthorized: false, timeout: 5_000 });
request.on('timeout', () => request.destroy(new Error('no answer within 5 s')));
request.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
request.on('response', ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1));
