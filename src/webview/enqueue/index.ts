import '../kit/base.css';
import '../kit/form.css';
import './enqueue.css';
import { mount } from '../kit/page';
import { EnqueueForm } from './enqueue-form';

mount('jq-enqueue', EnqueueForm);
