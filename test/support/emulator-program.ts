/** An emulator as a process of its own. Answers any request with its {@link EmulatorAddresses}. */
import { startEmulator } from '../../src/emulator/emulator.ts';
import { answerParent } from './answering.ts';

/** Where an emulator listens. */
export interface EmulatorAddresses {
  readonly apiRoot: string;
  readonly controlUrl: string;
}

const { apiRoot, controlUrl } = await startEmulator();
answerParent((): EmulatorAddresses => ({ apiRoot, controlUrl }));
