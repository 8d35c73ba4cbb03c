import '../kit/base.css';
import './events.css';
import { mount } from '../kit/page';
import { EventsTab } from './events-tab';

mount('jq-events', EventsTab);
