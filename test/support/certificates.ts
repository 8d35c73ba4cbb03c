/**
 * Certificates for TLS tests, made on the spot: a test authority, a server for localhost and 127.0.0.1, a client.
 * Node makes keys but no certificates, so the few fields of X.509 (RFC 5280) are written here in DER.
 */
import { createSign, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Paths of PEM files. */
export interface Certificates {
  readonly ca: string;
  readonly serverCert: string;
  readonly serverKey: string;
  readonly clientCert: string;
  readonly clientKey: string;
}

interface Party {
  readonly name: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** Makes an authority with a server's and a client's certificate and writes them as PEM files into the folder. */
export function makeCertificates(folder: string): Certificates {
  const authority = party('Job Queue Inspector test authority');
  const server = party('localhost');
  const client = party('test client');
  const write = (file: string, text: string) => {
    const path = join(folder, file);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  return {
    ca: write('ca.crt', certificate(authority, authority)),
    serverCert: write('server.crt', certificate(server, authority)),
    serverKey: write('server.key', keyText(server)),
    clientCert: write('client.crt', certificate(client, authority)),
    clientKey: write('client.key', keyText(client)),
  };
}

function party(name: string): Party {
  return { name, ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) };
}

function keyText(owner: Party): string {
  return owner.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** One DER element: tag, length, content. */
function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const length = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

const sequence = (...content: readonly Uint8Array[]) => der(0x30, ...content);
const oid = (...bytes: readonly number[]) => der(0x06, Buffer.from(bytes));
const octets = (content: Uint8Array) => der(0x04, content);
const TRUE = der(0x01, Buffer.from([0xff]));
const ECDSA_WITH_SHA256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));

function nameOf(text: string): Buffer {
  return sequence(der(0x31, sequence(oid(0x55, 0x04, 0x03), der(0x0c, Buffer.from(text)))));
}

/** UTCTime, two digits of the year: good until 2049. */
function time(daysFromNow: number): Buffer {
  const iso = new Date(Date.now() + daysFromNow * 86_400_000).toISOString();
  return der(0x17, Buffer.from(`${iso.slice(2, 19).replaceAll(/[-:T]/g, '')}Z`));
}

function certificate(owner: Party, issuer: Party): string {
  const isAuthority = owner === issuer;
  const constraints = sequence(oid(0x55, 0x1d, 0x13), TRUE, octets(isAuthority ? sequence(TRUE) : sequence()));
  const names = sequence(der(0x82, Buffer.from('localhost')), der(0x87, Buffer.from([127, 0, 0, 1])));
  const extensions = isAuthority ? [constraints] : [constraints, sequence(oid(0x55, 0x1d, 0x11), octets(names))];
  const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(8)]);
  const toSign = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ECDSA_WITH_SHA256,
    nameOf(issuer.name),
    sequence(time(-1), time(7)),
    nameOf(owner.name),
    owner.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = createSign('sha256').update(toSign).sign(issuer.privateKey);
  const whole = sequence(toSign, ECDSA_WITH_SHA256, der(0x03, Buffer.from([0]), signature));
  const lines = whole.toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
