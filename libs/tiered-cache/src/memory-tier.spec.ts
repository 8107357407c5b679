import { MemoryTier } from './memory-tier.js';
import { itIsATier } from './tier.conformance.js';

itIsATier('MemoryTier', () => Promise.resolve(new MemoryTier()));
