/** Who signed the body, by xml-crypto: what may be believed is the one reference it returns, and that must be the body of this envelope. */
import { createHash, X509Certificate } from 'node:crypto';
import { SignedXml } from 'xml-crypto';
import { at, type Envelope, elements, text_at } from '../soap.ts';

const wss = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity';
const utility = `${wss}-utility-1.0.xsd`;
const dsig = 'http://www.w3.org/2000/09/xmldsig#';
const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const rsa_sha256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
const sha256 = 'http://www.w3.org/2001/04/xmlenc#sha256';

export interface Trust {
  /** PEM. */
  readonly certificate: string;
  /** UsernameToken, as it was before August 2025; absent: refused. */
  readonly legacy?: { readonly merchant_id: string; readonly transaction_key: string };
}

/** Why the caller is not believed; undefined: he is. */
export function distrust(envelope: Envelope, trust: Trust): string | undefined {
  const security = at(envelope.header, 'Security');
  if (security === undefined) return 'Security header is missing';
  const user = at(security, 'UsernameToken');
  if (user !== undefined) return distrusted_user(user, trust);
  const signature = elements(security, 'Signature').filter(one => one.namespaceURI === dsig);
  const [only] = signature;
  if (only === undefined || signature.length > 1) return 'exactly one signature is needed';
  return (
    wrong_algorithm(only) ?? wrong_certificate(security, trust) ?? wrong_reference(envelope, only) ?? not_verified(envelope, only, trust)
  );
}

function distrusted_user(user: Element, { legacy }: Trust): string | undefined {
  if (legacy === undefined) return 'UsernameToken is not accepted any more';
  const known = text_at(user, 'Username') === legacy.merchant_id && text_at(user, 'Password') === legacy.transaction_key;
  return known ? undefined : 'UsernameToken authentication failed';
}

function wrong_algorithm(signature: Element): string | undefined {
  const info = at(signature, 'SignedInfo');
  const algorithm = (...path: string[]) => at(info, ...path)?.getAttribute('Algorithm');
  if (algorithm('SignatureMethod') !== rsa_sha256) return 'the signature method must be rsa-sha256';
  if (algorithm('CanonicalizationMethod') !== exclusive) return 'the canonicalization must be exclusive';
  const references = info === undefined ? [] : elements(info, 'Reference');
  if (references.length !== 1) return 'exactly the body must be signed';
  if (algorithm('Reference', 'DigestMethod') !== sha256) return 'the digest method must be sha256';
  const transforms = elements(at(info, 'Reference', 'Transforms') ?? signature, 'Transform').map(one => one.getAttribute('Algorithm'));
  return transforms.length === 1 && transforms[0] === exclusive ? undefined : 'the transform must be exclusive canonicalization';
}

function wrong_certificate(security: Element, { certificate }: Trust): string | undefined {
  const token = text_at(security, 'BinarySecurityToken');
  if (token === undefined) return 'BinarySecurityToken is missing';
  const print = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  return print(Buffer.from(token, 'base64')) === print(new X509Certificate(certificate).raw)
    ? undefined
    : 'the certificate is not of this merchant';
}

/** Against wrapping: the signed part must be the body that is executed, and its id must stand once. */
function wrong_reference({ document, body }: Envelope, signature: Element): string | undefined {
  const id = at(signature, 'SignedInfo', 'Reference')?.getAttribute('URI')?.replace(/^#/, '') ?? '';
  const own = body.getAttributeNS(utility, 'Id') || body.getAttribute('Id');
  if (id === '' || own !== id) return 'the signature is not over the body';
  const all = [...Array.from(document.getElementsByTagName('*'))].filter(
    one =>
      one.getAttributeNS(utility, 'Id') === id ||
      one.getAttribute('Id') === id ||
      one.getAttribute('id') === id ||
      one.getAttribute('ID') === id,
  );
  return all.length === 1 ? undefined : 'an id stands twice';
}

function not_verified({ text, body }: Envelope, signature: Element, { certificate }: Trust): string | undefined {
  const verifier = new SignedXml({ publicCert: certificate, idMode: 'wssecurity', getCertFromKeyInfo: () => null });
  try {
    verifier.loadSignature(signature);
    if (!verifier.checkSignature(text)) return 'invalid signature';
    const [signed, ...others] = verifier.getSignedReferences();
    const is_body = signed !== undefined && others.length === 0 && /^<(?:[\w-]+:)?Body[\s>]/.test(signed);
    return is_body && body.localName === 'Body' ? undefined : 'the signature is not over the body';
  } catch {
    return 'invalid signature';
  }
}
