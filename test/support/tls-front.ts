import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createServer } from 'node:tls';
import type { Certificates } from './certificates';

/**
 * TLS before a server that was built without it (the wheel's Redis): takes connections of clients with a certificate
 * of our authority and passes their bytes on. It lives in this process and ends with it.
 * @returns what closes it
 */
export async function tlsFront(port: number, target: number, certificates: Certificates): Promise<() => void> {
  const read = (path: string) => readFileSync(path);
  const server = createServer(
    {
      ca: read(certificates.ca),
      cert: read(certificates.serverCert),
      key: read(certificates.serverKey),
      requestCert: true,
      rejectUnauthorized: true,
    },
    client => {
      const upstream = connect(target, '127.0.0.1');
      client.pipe(upstream).pipe(client);
      client.on('error', () => upstream.destroy());
      upstream.on('error', () => client.destroy());
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  server.unref();
  return () => server.close();
}
