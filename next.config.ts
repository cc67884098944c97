import type { NextConfig } from "next";

const config: NextConfig = {
  poweredByHeader: false,
  reactStrictMode: true,
  // The build's folder belongs to whoever built it, and no request may write there: whoever asked /_next/image for a picture, without
  // an account, ended the process that couldn't make that folder's cache.
  images: { unoptimized: true, maximumDiskCacheSize: 0 },
  experimental: { isrFlushToDisk: false },
  // Native parts, and packages that find their own files beside them.
  serverExternalPackages: ["pg", "@prisma/client", "@prisma/adapter-pg", "@node-rs/argon2", "pino", "graphile-worker"],
  // `npm test` checks the types of the whole project at once.
  typescript: { ignoreBuildErrors: true },
  turbopack: { root: import.meta.dirname },
};

export default config;
