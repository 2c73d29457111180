import { BlockList, isIP } from 'node:net';

/** An IPv4 address as IPv6 writes it: sockets that listen to both tell it so. */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
const MAPPED_BITS = 96;

interface Network {
  readonly address: string;
  readonly family: 4 | 6;
  readonly prefix: number;
}

/** Addresses and networks in CIDR notation, of IPv4 and IPv6. */
export class AllowedAddresses {
  private readonly networks = { 4: new BlockList(), 6: new BlockList() } as const;

  /** @param allowed each an entry that {@link isAllowedEntry} */
  constructor(allowed: readonly string[]) {
    for (const entry of allowed) {
      const network = parse(entry);
      if (network === undefined) continue;
      const { address, family, prefix } = network;
      this.networks[family].addSubnet(address, prefix, `ipv${family}`);
    }
  }

  /** @param address as a socket or a proxy tells it; an unknown one is not in any network */
  has(address: string | undefined): boolean {
    const plain = address?.replace(/%.*$/, '') ?? '';
    const network = isIP(plain) === 0 ? undefined : parse(plain);
    // Each family by its own networks: `::/0` is to mean nothing for IPv4.
    return (
      network !== undefined &&
      this.networks[network.family].check(network.address, `ipv${network.family}`)
    );
  }
}

/** Whether `entry` is an address, or a network such as 10.0.0.0/8 or 2001:db8::/32. */
export function isAllowedEntry(entry: string): boolean {
  return parse(entry) !== undefined;
}

function parse(entry: string): Network | undefined {
  const [address, bits, ...more] = entry.split('/');
  if (more.length > 0) return undefined;
  const family = isIP(address);
  if ((family !== 4 && family !== 6) || address.includes('%')) return undefined;
  const most = family === 4 ? 32 : 128;
  if (bits !== undefined && !/^\d{1,3}$/.test(bits)) return undefined;
  const prefix = bits === undefined ? most : Number(bits);
  if (prefix > most) return undefined;
  // The URL parser writes every form of an IPv6 address alike, but a mapped one in hexadecimal: 0:0:0:0:0:FFFF:a00:1.
  const mapped = family === 6 ? mappedIn(address) : undefined;
  if (mapped === undefined || prefix < MAPPED_BITS) return { address, family, prefix };
  return { address: mapped, family: 4, prefix: prefix - MAPPED_BITS };
}

/** The IPv4 address in a mapped one, however that is written. */
function mappedIn(address: string): string | undefined {
  const dotted = MAPPED.exec(address)?.[1];
  if (dotted !== undefined) return dotted;
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const groups = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(canonical)?.slice(1);
  return groups
    ?.flatMap((group) => {
      const value = Number.parseInt(group, 16);
      return [value >> 8, value & 0xff];
    })
    .join('.');
}
