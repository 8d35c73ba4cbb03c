import '../kit/base.css';
import './journal.css';
import { mount } from '../kit/page';
import { JournalTab } from './journal-tab';

mount('jq-journal', JournalTab);
