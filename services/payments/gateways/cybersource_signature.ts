/**
 * WS-Security 1.0 with an X.509 certificate over the body (integrations.md 5). The envelope is written in exclusive canonical form from the start,
 * so the digest is over the very bytes that are sent, and node:crypto is enough. Key and certificate are PEM: node:crypto cannot take them out of a .p12.
 */
import { createHash, createPrivateKey, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { soap_body, soap_envelope, soap_namespaces } from '../../../platform/xml/soap.ts';
import { element, type Namespaces, write_xml, type XmlNode } from '../../../platform/xml/write.ts';

const wss = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss';
const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const key_bits_min = 2_048;

export interface Signer {
  readonly key: KeyObject;
  /** DER in base64. */
  readonly certificate: string;
}

/** Of PEM texts, which may stand in one file. Throws an Error that says what is wrong: not at the first payment, but at start. */
export function signer_of(key_pem: string, certificate_pem: string): Signer {
  const key = createPrivateKey(block_of(key_pem, /PRIVATE KEY/));
  // A p12 carries the vendor's own certificates, too: ours is the one that fits the key.
  const certificate = blocks_of(certificate_pem, /^CERTIFICATE$/)
    .map(pem => new X509Certificate(pem))
    .find(each => each.checkPrivateKey(key));
  if (key.asymmetricKeyType !== 'rsa' || (key.asymmetricKeyDetails?.modulusLength ?? 0) < key_bits_min)
    throw new Error(`the key must be RSA with at least ${key_bits_min} bits`);
  if (certificate === undefined) throw new Error('none of the certificates belongs to the key');
  return { key, certificate: certificate.raw.toString('base64') };
}

function blocks_of(pem: string, label: RegExp): string[] {
  return [...pem.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g)].flatMap(([block, name = '']) =>
    label.test(name) ? [block] : [],
  );
}
function block_of(pem: string, label: RegExp): string {
  const [block] = blocks_of(pem, label);
  if (block === undefined) throw new Error('there is no key in PEM (openssl pkcs12 -in merchant.p12 -nodes -out merchant.pem)');
  return block;
}

/** `content`: the one element of the body; `namespaces`: of its prefixes. */
export function signed_envelope(content: XmlNode, namespaces: Namespaces, signer: Signer): string {
  const all = { ...namespaces, ...soap_namespaces, ...security_namespaces };
  const body = soap_body(content, { 'wsu:Id': 'Body' });
  const info = signed_info(createHash('sha256').update(write_xml(body, all)).digest('base64'));
  const value = sign('sha256', Buffer.from(write_xml(info, all)), signer.key).toString('base64');
  return write_xml(soap_envelope([security(signer, info, value)], body), all);
}

const security_namespaces = {
  wsse: `${wss}-wssecurity-secext-1.0.xsd`,
  wsu: `${wss}-wssecurity-utility-1.0.xsd`,
  ds: 'http://www.w3.org/2000/09/xmldsig#',
};

function signed_info(digest: string): XmlNode {
  return element('ds:SignedInfo', [
    element('ds:CanonicalizationMethod', [], { Algorithm: exclusive }),
    element('ds:SignatureMethod', [], { Algorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256' }),
    element(
      'ds:Reference',
      [
        element('ds:Transforms', [element('ds:Transform', [], { Algorithm: exclusive })]),
        element('ds:DigestMethod', [], { Algorithm: 'http://www.w3.org/2001/04/xmlenc#sha256' }),
        element('ds:DigestValue', digest),
      ],
      { URI: '#Body' },
    ),
  ]);
}

function security({ certificate }: Signer, info: XmlNode, value: string): XmlNode {
  const token = {
    EncodingType: `${wss}-soap-message-security-1.0#Base64Binary`,
    ValueType: `${wss}-x509-token-profile-1.0#X509v3`,
    'wsu:Id': 'X509Token',
  };
  const reference = element('wsse:Reference', [], { URI: '#X509Token', ValueType: token.ValueType });
  return element(
    'wsse:Security',
    [
      element('wsse:BinarySecurityToken', certificate, token),
      element('ds:Signature', [
        info,
        element('ds:SignatureValue', value),
        element('ds:KeyInfo', [element('wsse:SecurityTokenReference', [reference])]),
      ]),
    ],
    { 'soap:mustUnderstand': '1' },
  );
}
