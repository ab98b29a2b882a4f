/** The key of one connection that signs our requests, and the certificate that carries its public half to the provider. */
export interface SigningKey {
  /** PEM. */
  privateKey: string;
  certificate: string;
}

const YEARS = 10;

/** The certificate vouches for nothing: providers take it from our metadata and compare it. It lasts as long as the connection may. */
export async function makeSigningKey(now: Date): Promise<SigningKey> {
  // Loaded where it is needed only.
  const { generate } = await import('selfsigned');
  const notAfterDate = new Date(now);
  notAfterDate.setFullYear(now.getFullYear() + YEARS);
  const made = await generate([{ name: 'commonName', value: 'Gatehouse SAML requests' }], {
    keyType: 'rsa',
    keySize: 2048,
    algorithm: 'sha256',
    notBeforeDate: now,
    notAfterDate,
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
    ],
  });
  return { privateKey: made.private, certificate: made.cert };
}
