/** What is told of receipts. No private or secret value is in any of it (docs/receipts.md). */

/** DSSE: https://github.com/secure-systems-lab/dsse, with the in-toto statement as its payload, base64. */
export interface DsseEnvelope {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

export interface ReceiptView {
  readonly installId: string;
  readonly instanceName: string;
  /** Of the key that signed it, as ReceiptKeyView has it. */
  readonly keyId: string;
  readonly createdAt: string;
  readonly envelope: DsseEnvelope;
}

/** A key of the cluster for receipts. Those that are out of use stay, for the receipts that they signed. */
export interface ReceiptKeyView {
  /** sha256 of the public key as DER, lower-case hex. */
  readonly keyId: string;
  /** Ed25519, PEM (SubjectPublicKeyInfo). */
  readonly publicKey: string;
  readonly createdAt: string;
  /** Null: it signs. */
  readonly retiredAt: string | null;
}
